package desk;

import java.util.List;

/** What the desk offers; its providers and its consumer know nothing of a proxy between them. */
public interface DeskService {
    /** Answers with the provider's name; some names make it throw, or take its time. */
    String greet(String name) throws DeskException;

    Parcel reflect(Parcel parcel);

    /** Called without waiting for a reply. */
    void note(String text);

    List<String> notes();

    /** The attachment of the call, which comes back as an attachment of the result too. */
    String attachment(String key);

    void nothing();
}
