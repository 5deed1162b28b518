package millrace.spark;

/** The ids of a sampled event's traceparent (https://www.w3.org/TR/trace-context/). */
record Trace(String traceId, String spanId) {
  /** Null for a header that is missing, of another form, or of an event that is not sampled. */
  static Trace ofSampled(String traceparent) {
    if (traceparent == null || traceparent.length() < 55 || !isSampled(traceparent.charAt(54))) return null;
    if (traceparent.charAt(2) != '-' || traceparent.charAt(35) != '-' || traceparent.charAt(52) != '-') return null;
    String traceId = traceparent.substring(3, 35);
    String spanId = traceparent.substring(36, 52);
    return isId(traceId) && isId(spanId) ? new Trace(traceId, spanId) : null;
  }

  private static boolean isSampled(char flags) {
    int digit = Character.digit(flags, 16);
    return digit > 0 && (digit & 1) == 1;
  }

  private static boolean isId(String digits) {
    boolean zero = true;
    for (int i = 0; i < digits.length(); i++) {
      char digit = digits.charAt(i);
      if (!((digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f'))) return false;
      zero &= digit == '0';
    }
    return !zero;
  }
}
