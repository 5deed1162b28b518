package millrace.spark;

import org.apache.spark.util.AccumulatorV2;

/**
 * Carries what tasks count to the driver: with each heartbeat while a task runs, and in full when it has ended well. Spark
 * takes the counts of failed tasks away, and those of a repeated batch come again with it (StageBooks).
 *
 * A heartbeat reads while the task adds: both are synchronized.
 */
final class CountsAccumulator extends AccumulatorV2<Object, StageCounts> {
  private static final long serialVersionUID = 1L;
  private final StageCounts counts = new StageCounts();

  @Override
  public synchronized boolean isZero() {
    return counts.isEmpty();
  }

  @Override
  public synchronized AccumulatorV2<Object, StageCounts> copy() {
    CountsAccumulator copy = new CountsAccumulator();
    copy.counts.add(counts);
    return copy;
  }

  @Override
  public synchronized void reset() {
    counts.clear();
  }

  @Override
  public void add(Object ignored) {
    throw new UnsupportedOperationException("add through count and passed");
  }

  synchronized void count(StageCounts.Kind kind, PathwayHeader header, String id) {
    counts.add(kind, header, id);
  }

  synchronized void read(int partition, long offset) {
    counts.read(partition, offset);
  }

  synchronized void passed(PathwayHeader header, String id, long nowMs, Trace trace) {
    counts.add(StageCounts.Kind.out, header, id);
    counts.passed(header, nowMs, trace);
  }

  /** Called in the driver, when a task has ended. StageBooks adds up what tasks tell, by batch; here it would only grow. */
  @Override
  public void merge(AccumulatorV2<Object, StageCounts> other) {}

  @Override
  public synchronized StageCounts value() {
    return counts.copy();
  }

  private synchronized void writeObject(java.io.ObjectOutputStream out) throws java.io.IOException {
    out.defaultWriteObject();
  }
}
