package millrace.spark;

import org.apache.spark.SparkContext;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.streaming.MicroBatchStream;
import org.apache.spark.sql.connector.read.streaming.Offset;
import org.apache.spark.sql.connector.read.streaming.PartitionOffset;
import org.apache.spark.sql.connector.read.streaming.ReadLimit;
import org.apache.spark.sql.connector.read.streaming.SupportsAdmissionControl;
import org.apache.spark.sql.connector.read.streaming.SupportsRealTimeMode;

/** A topic as one query reads it; begins no batch once an end was asked for. In the driver. */
final class EndableStream implements MicroBatchStream, SupportsAdmissionControl, SupportsRealTimeMode {
  private final MicroBatchStream kafka;
  private final BatchEnd end;
  private boolean realtime;

  EndableStream(MicroBatchStream kafka, BatchEnd end) {
    this.kafka = kafka;
    this.end = end;
  }

  @Override
  public void prepareForRealTimeMode() {
    realtime = true;
    ((SupportsRealTimeMode) kafka).prepareForRealTimeMode();
  }

  /** Of a real-time batch, which ends when it ends: asked for when the one before is committed. */
  @Override
  public InputPartition[] planInputPartitions(Offset start) {
    beforeBatch();
    return ((SupportsRealTimeMode) kafka).planInputPartitions(start);
  }

  /** Of a micro-batch: asked for when the one before is committed. */
  @Override
  public Offset latestOffset(Offset start, ReadLimit limit) {
    if (!realtime) beforeBatch();
    return ((SupportsAdmissionControl) kafka).latestOffset(start, limit);
  }

  private void beforeBatch() {
    try {
      end.beforeBatch();
    } catch (InterruptedException interrupted) {
      // The query was stopped meanwhile: Spark takes this for no failure.
      throw new java.io.UncheckedIOException(new java.io.InterruptedIOException("the query has ended"));
    }
  }

  @Override
  public PartitionReaderFactory createReaderFactory() {
    PartitionReaderFactory readers = kafka.createReaderFactory();
    return realtime ? new EndableReader.Factory(readers, end.going(SparkContext.getOrCreate())) : readers;
  }

  @Override
  public InputPartition[] planInputPartitions(Offset start, Offset stop) {
    return kafka.planInputPartitions(start, stop);
  }

  @Override
  public Offset mergeOffsets(PartitionOffset[] offsets) {
    return ((SupportsRealTimeMode) kafka).mergeOffsets(offsets);
  }

  @Override
  public Offset latestOffset() {
    return kafka.latestOffset();
  }

  @Override
  public ReadLimit getDefaultReadLimit() {
    return ((SupportsAdmissionControl) kafka).getDefaultReadLimit();
  }

  @Override
  public Offset reportLatestOffset() {
    return ((SupportsAdmissionControl) kafka).reportLatestOffset();
  }

  @Override
  public Offset initialOffset() {
    return kafka.initialOffset();
  }

  @Override
  public Offset deserializeOffset(String json) {
    return kafka.deserializeOffset(json);
  }

  @Override
  public void commit(Offset offset) {
    kafka.commit(offset);
  }

  @Override
  public void stop() {
    kafka.stop();
  }

  @Override
  public String toString() {
    return kafka.toString();
  }
}
