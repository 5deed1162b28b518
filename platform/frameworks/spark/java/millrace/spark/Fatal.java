package millrace.spark;

/** The configuration is wrong, and no retry will mend it: exit code 3 with this message on one line. */
public final class Fatal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public Fatal(String message) {
    super(message);
  }
}
