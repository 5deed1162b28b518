package millrace.spark;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.util.AccumulatorV2;

/**
 * Carries what tasks count to the driver: with each heartbeat while a task runs, and in full when it has ended well. Spark
 * takes the counts of failed tasks away. Records that the job's book has from before (JobBook) are not counted again, however
 * often a query that starts anew reads them: that is decided here, by their offsets.
 *
 * A heartbeat reads while the task adds: both are synchronized.
 */
final class CountsAccumulator extends AccumulatorV2<Object, StageCounts> {
  private static final long serialVersionUID = 1L;
  private final StageCounts counts = new StageCounts();
  /** By partition, below which offset all is counted. A task reads its partition in order: once beyond, it forgets the entry. */
  private final HashMap<Integer, Long> countedTo = new HashMap<>();

  @Override
  public synchronized boolean isZero() {
    return counts.isEmpty();
  }

  @Override
  public synchronized AccumulatorV2<Object, StageCounts> copy() {
    CountsAccumulator copy = new CountsAccumulator();
    copy.counts.add(counts);
    copy.countedTo.putAll(countedTo);
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

  /** In the driver, for tasks that start from now on. */
  synchronized void countFrom(Map<Integer, Long> offsets) {
    countedTo.clear();
    countedTo.putAll(offsets);
  }

  /** Whether the job's book has this record from before. */
  synchronized boolean isCounted(int partition, long offset) {
    Long to = countedTo.isEmpty() ? null : countedTo.get(partition);
    return to != null && offset < to;
  }

  /** `pathway`: as in the column `_pathway`. */
  synchronized boolean isCounted(String pathway) {
    if (countedTo.isEmpty() || pathway == null) return false;
    int at = pathway.indexOf('@');
    int colon = pathway.indexOf(':', at);
    if (at < 0 || colon < 0) return false;
    try {
      return isCounted(Integer.parseInt(pathway, at + 1, colon, 10), Long.parseLong(pathway, colon + 1, pathway.length(), 10));
    } catch (NumberFormatException changedBySql) {
      return false;
    }
  }

  /** Of a record that is not counted yet. */
  synchronized void count(StageCounts.Kind kind, PathwayHeader header, String id) {
    counts.add(kind, header, id);
  }

  synchronized void read(int partition, long offset) {
    counts.read(partition, offset);
    if (!countedTo.isEmpty() && !isCounted(partition, offset)) countedTo.remove(partition);
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
