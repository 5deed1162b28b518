package millrace.spark;

/** A record does not fit; `reason` is one of `poisonReasons` in platform/connectors/contract.ts. */
final class Misfit extends Exception {
  private static final long serialVersionUID = 1L;
  final String reason;

  Misfit(String reason, String detail) {
    super(detail, null, false, false);
    this.reason = reason;
  }
}
