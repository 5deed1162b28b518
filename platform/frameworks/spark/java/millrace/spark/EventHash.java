package millrace.spark;

/** The hash of an event's id for the conservation ledger: the same as `eventHash` of platform/telemetry/conservation/tally.ts. */
final class EventHash {
  private static final int prime = 0x01000193;

  private EventHash() {}

  static long of(String id) {
    int low = 0x811c9dc5;
    int high = 0x9747b28c;
    for (int i = 0; i < id.length(); i++) {
      int unit = id.charAt(i);
      low = (low ^ unit) * prime;
      high = (high ^ (unit * 31)) * prime;
    }
    low = finalise(low ^ high);
    high = finalise(high ^ low);
    return ((long) high << 32) | (low & 0xffff_ffffL);
  }

  private static int finalise(int value) {
    int mixed = value ^ (value >>> 16);
    mixed *= 0x85ebca6b;
    mixed ^= mixed >>> 13;
    mixed *= 0xc2b2ae35;
    return mixed ^ (mixed >>> 16);
  }
}
