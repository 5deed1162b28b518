package millrace.spark;

import java.io.IOException;
import org.apache.spark.SparkEnv;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.streaming.PartitionOffset;
import org.apache.spark.sql.connector.read.streaming.SupportsRealTimeRead;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BroadcastBlockId;

/** Reads a partition for a real-time batch until its time is over or its end is asked for: see BatchEnd. In an executor. */
final class EndableReader implements SupportsRealTimeRead<InternalRow> {
  private static final long lookEveryMs = 100;

  record Factory(PartitionReaderFactory kafka, Broadcast<String> going) implements PartitionReaderFactory {
    @Override
    @SuppressWarnings("unchecked")
    public PartitionReader<InternalRow> createReader(InputPartition partition) {
      return new EndableReader((SupportsRealTimeRead<InternalRow>) kafka.createReader(partition), going);
    }
  }

  private final SupportsRealTimeRead<InternalRow> kafka;
  private final BlockId going;
  /** A copy that is not there from the start is no sign of an end. */
  private final boolean endable;
  private long lookNanos = System.nanoTime();
  private boolean ended;

  private EndableReader(SupportsRealTimeRead<InternalRow> kafka, Broadcast<String> going) {
    this.kafka = kafka;
    this.going = new BroadcastBlockId(going.id(), "");
    going.value();
    endable = isThere();
  }

  private boolean isThere() {
    return SparkEnv.get().blockManager().getStatus(going).isDefined();
  }

  private boolean ended() {
    long nowNanos = System.nanoTime();
    if (!endable || ended || nowNanos - lookNanos < lookEveryMs * 1_000_000) return ended;
    lookNanos = nowNanos;
    return ended = !isThere();
  }

  /** Waits in short steps, between which it looks whether it is to end. Without a record, Spark ends the partition where it is. */
  @Override
  public RecordStatus nextWithTimeout(Long timeoutMs) throws IOException {
    long startNanos = System.nanoTime();
    for (long leftMs = timeoutMs; ; leftMs = timeoutMs - (System.nanoTime() - startNanos) / 1_000_000) {
      if (leftMs <= 0 || ended()) return RecordStatus.newStatusWithoutArrivalTime(false);
      RecordStatus status = kafka.nextWithTimeout(Math.min(leftMs, lookEveryMs));
      if (status.hasRecord()) return status;
    }
  }

  @Override
  public PartitionOffset getOffset() {
    return kafka.getOffset();
  }

  @Override
  public boolean next() throws IOException {
    return kafka.next();
  }

  @Override
  public InternalRow get() {
    return kafka.get();
  }

  @Override
  public CustomTaskMetric[] currentMetricsValues() {
    return kafka.currentMetricsValues();
  }

  @Override
  public void close() throws IOException {
    kafka.close();
  }
}
