package millrace.spark;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Lines on stdout, where the agent keeps and rotates them. */
final class Say {
  private Say() {}

  static void line(String text) {
    System.out.println(Instant.now().truncatedTo(ChronoUnit.MILLIS) + " " + text);
    System.out.flush();
  }

  /** The first line of what went wrong, at its root. */
  static String reason(Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null && root.getCause() != root) root = root.getCause();
    String message = root.getMessage() == null ? "" : root.getMessage().strip().lines().findFirst().orElse("");
    return root.getClass().getSimpleName() + (message.isEmpty() ? "" : ": " + message);
  }
}
