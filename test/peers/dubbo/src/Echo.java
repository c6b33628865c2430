/** What the provider serves, and the consumer calls. */
public interface Echo {
    String echo(String text);

    int add(int a, int b);

    /** What came as an attachment of the call; null when none did. */
    String attachment(String name);

    /** Name of the provider that answers. */
    String who();

    String sleep(long milliseconds);

    String fail(String message);
}
