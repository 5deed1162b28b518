package millrace.spark;

import java.sql.Timestamp;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;

/** Times on the wire: ISO-8601 with an offset or Z, as platform/model/schema.ts defines them. */
final class IsoTime {
  /** Written the same way everywhere, so that equal times are equal text. */
  static final String pattern = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'";

  private IsoTime() {}

  static Timestamp parse(String text, String reason, String where) throws Misfit {
    if (text == null) throw new Misfit(reason, where + ": expected a timestamp, got nothing");
    try {
      return Timestamp.from(text.endsWith("Z") ? Instant.parse(text) : OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeException | IllegalArgumentException error) {
      throw new Misfit(reason, where + ": expected an ISO-8601 timestamp with an offset, got \"" + shortened(text) + "\"");
    }
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }
}
