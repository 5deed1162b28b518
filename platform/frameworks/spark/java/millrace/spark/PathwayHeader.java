package millrace.spark;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The header `millrace-pathway`: the same form as platform/telemetry/pathway/header.ts, the same ids as pathways.ts there. */
record PathwayHeader(String pathway, long originMs, long previousMs) {
  private static final int length = 46;
  private static final int maxKnown = 1024;
  private static final Map<String, String> known = new ConcurrentHashMap<>();

  /** Null for a header that is missing or of another form. */
  static PathwayHeader parse(String header) {
    if (header == null || header.length() != length || !header.startsWith("2;")) return null;
    if (header.charAt(18) != ';' || header.charAt(32) != ';') return null;
    for (int i = 2; i < 18; i++) if (Character.digit(header.charAt(i), 16) < 0 || Character.isUpperCase(header.charAt(i))) return null;
    long origin = digits(header, 19);
    long previous = digits(header, 33);
    return origin < 0 || previous < 0 ? null : new PathwayHeader(header.substring(2, 18), origin, previous);
  }

  /**
   * In the column `_pathway` the header is followed by `@partition:offset` of the record it came with, so that SQL which passes
   * the one on passes the other, too.
   */
  static String column(String header, int partition, long offset) {
    return parse(header) == null ? null : header + "@" + partition + ":" + offset;
  }

  /** Of the column's text. */
  static PathwayHeader ofColumn(String text) {
    return text == null || text.length() < length ? null : parse(text.substring(0, length));
  }

  /** What an event carries on from `checkpoint`. */
  String onward(String checkpoint, long nowMs) {
    return "2;" + next(pathway, checkpoint) + ";" + originMs + ";" + nowMs;
  }

  /** Id of the pathway that goes on from `parent` through `checkpoint`. */
  static String next(String parent, String checkpoint) {
    String key = parent + "\n" + checkpoint;
    String id = known.get(key);
    if (id != null) return id;
    id = hash(key);
    if (known.size() < maxKnown) known.put(key, id);
    return id;
  }

  private static String hash(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }

  private static long digits(String header, int from) {
    long value = 0;
    for (int i = from; i < from + 13; i++) {
      int digit = header.charAt(i) - '0';
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }
}
