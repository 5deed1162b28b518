package millrace.spark;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Brings the batch of a query to its end, committed, before its time: then a new driver repeats nothing of it. Spark itself can
 * only cancel a batch; a real-time one lasts minutes.
 *
 * What the tasks go by is a broadcast: each executor keeps a copy for as long as the driver does not take it away, and a task
 * whose copy is gone ends its partition where it is (EndableReader). The next batch is not begun (EndableStream).
 */
final class BatchEnd {
  private static final Map<String, BatchEnd> byQuery = new ConcurrentHashMap<>();
  private static final long againMs = 200;

  private final CountDownLatch reached = new CountDownLatch(1);
  private volatile boolean asked;
  private Broadcast<String> going;

  static BatchEnd of(String query) {
    return byQuery.computeIfAbsent(query, none -> new BatchEnd());
  }

  /** There in an executor that has looked at it once, until the batch is to end. */
  synchronized Broadcast<String> going(SparkContext context) {
    if (going == null) going = JavaSparkContext.fromSparkContext(context).broadcast("going");
    return going;
  }

  /** Begins to end the batch; returns at once. */
  synchronized void ask() {
    asked = true;
    if (going != null) going.unpersist(false);
  }

  /**
   * True once the batch is committed, or there is none (`busy`: one may be running); false at `deadlineNanos` (of
   * System.nanoTime).
   */
  boolean await(long deadlineNanos, BooleanSupplier busy) throws InterruptedException {
    while (System.nanoTime() < deadlineNanos) {
      if (!busy.getAsBoolean() || reached.await(againMs, TimeUnit.MILLISECONDS)) return true;
      // A task that has begun since then has a copy anew.
      ask();
    }
    // Others may have used the time up: one that has ended meanwhile, or had nothing to end, has.
    return !busy.getAsBoolean() || reached.getCount() == 0;
  }

  /** Called by the query before it begins a batch, when the one before is committed. Does not return once an end was asked for. */
  void beforeBatch() throws InterruptedException {
    if (!asked) return;
    reached.countDown();
    new CountDownLatch(1).await();
  }
}
