package desk;

/** Declared by the service. */
public class DeskException extends Exception {
    public DeskException(String message) {
        super(message);
    }
}
