package millrace.spark;

import java.sql.Timestamp;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.regex.Pattern;

/** Times on the wire: ISO-8601 with an offset or Z, four digits of year, as platform/connectors/time.ts reads them. */
final class IsoTime {
  /** Written the same way everywhere, so that equal times are equal text. */
  static final String pattern = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'";

  /** Years of more digits overflow Spark's microseconds, which would end the job. */
  private static final Pattern form =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,9})?)?(?:Z|[+-]\\d\\d:?\\d\\d)");

  private IsoTime() {}

  static Timestamp parse(String text, String where) throws Misfit {
    if (text == null) throw new Misfit("bad-time", where + ": expected a timestamp, got nothing");
    try {
      if (form.matcher(text).matches()) return Timestamp.from(OffsetDateTime.parse(withColon(text)).toInstant());
    } catch (DateTimeException | IllegalArgumentException error) {
      // 30 February, 25 o'clock.
    }
    throw new Misfit("bad-time", where + ": expected an ISO-8601 timestamp with an offset, got \"" + shortened(text) + "\"");
  }

  /** `+0200` as `+02:00`. */
  private static String withColon(String text) {
    int hours = text.length() - 2;
    return text.endsWith("Z") || text.charAt(hours - 1) == ':' ? text : text.substring(0, hours) + ":" + text.substring(hours);
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }
}
