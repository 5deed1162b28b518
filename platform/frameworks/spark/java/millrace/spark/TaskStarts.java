package millrace.spark;

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/**
 * Tells when a real-time query reads: its first batch lasts minutes, and Spark reports a batch only at its end, but the
 * tasks that read its partitions start at once.
 */
final class TaskStarts extends SparkListener {
  private record Reading(String job, int stage) {}

  private final Map<String, Integer> partitionsByJob = new HashMap<>();
  private final Map<Integer, Reading> byStage = new HashMap<>();
  private final Map<String, Integer> startedByJob = new HashMap<>();
  private final Progress progress;

  TaskStarts(RunnerConfig config, Progress progress) {
    this.progress = progress;
    for (RunnerConfig.Job job : config.jobs()) if (job.realtime()) partitionsByJob.put(job.name(), job.input().partitions());
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart start) {
    Properties properties = start.properties();
    // Spark describes the jobs of a streaming query by the query's name, on the first line.
    String description = properties == null ? null : properties.getProperty("spark.job.description");
    if (description == null) return;
    String job = description.lines().findFirst().orElse("");
    if (!partitionsByJob.containsKey(job)) return;
    byStage.values().removeIf(reading -> reading.job().equals(job));
    startedByJob.put(job, 0);
    var stages = start.stageIds().iterator();
    while (stages.hasNext()) {
      int stage = (Integer) stages.next();
      byStage.put(stage, new Reading(job, stage));
    }
  }

  @Override
  public synchronized void onTaskStart(SparkListenerTaskStart start) {
    Reading reading = byStage.get(start.stageId());
    if (reading == null) return;
    int started = startedByJob.merge(reading.job(), 1, Integer::sum);
    if (started >= partitionsByJob.get(reading.job())) progress.is(reading.job(), Progress.State.running);
  }
}
