package millrace.spark;

import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;

/** What must be there before the jobs can start. Asks until it is, however long that takes. */
final class Servers {
  private static final long pauseMs = 100;

  private final RunnerConfig config;
  private final Health health;

  Servers(RunnerConfig config, Health health) {
    this.config = config;
    this.health = health;
  }

  /** Returns once the master's port takes connections. */
  void awaitMaster() throws InterruptedException {
    URI master = URI.create(config.master());
    String last = "";
    while (!WorkerStart.listens(master)) last = waiting("waiting for the Spark master at " + config.master(), last);
  }

  /** Returns once the Kafka that answers is ours and has every topic of the jobs. */
  void awaitTopics() throws InterruptedException {
    Set<String> needed = new TreeSet<>();
    for (RunnerConfig.Job job : config.jobs()) {
      needed.addAll(List.of(job.input().topic(), job.input().deadLetterTopic(), job.output().topic()));
    }
    String last = "";
    Admin admin = null;
    try {
      while (true) {
        if (admin == null) admin = Admin.create(adminProperties());
        String missing = missing(admin, needed);
        if (missing.isEmpty()) return;
        last = waiting(missing, last);
      }
    } finally {
      if (admin != null) admin.close(java.time.Duration.ofSeconds(1));
    }
  }

  /** By partition, the offset of the oldest record that the topic still has. */
  Map<Integer, Long> oldest(String topic) throws Exception {
    try (Admin admin = Admin.create(adminProperties())) {
      Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
      for (TopicPartitionInfo each : admin.describeTopics(List.of(topic)).allTopicNames().get(5, TimeUnit.SECONDS).get(topic).partitions()) {
        asked.put(new TopicPartition(topic, each.partition()), OffsetSpec.earliest());
      }
      Map<Integer, Long> offsets = new HashMap<>();
      admin.listOffsets(asked).all().get(5, TimeUnit.SECONDS).forEach((partition, found) -> offsets.put(partition.partition(), found.offset()));
      return offsets;
    }
  }

  private String missing(Admin admin, Set<String> needed) throws InterruptedException {
    String brokers = String.join(",", config.kafka().brokers());
    try {
      String clusterId = admin.describeCluster().clusterId().get(5, TimeUnit.SECONDS);
      if (!config.kafka().clusterId().equals(clusterId)) {
        return "waiting for Kafka at " + brokers + ": cluster " + clusterId + " answers there, expected " + config.kafka().clusterId();
      }
      Set<String> there = admin.listTopics().names().get(5, TimeUnit.SECONDS);
      List<String> missing = new ArrayList<>(needed);
      missing.removeAll(there);
      return missing.isEmpty() ? "" : "waiting for topics " + String.join(", ", missing);
    } catch (ExecutionException | TimeoutException error) {
      return "waiting for Kafka at " + brokers + ": " + Say.reason(error);
    }
  }

  private Map<String, Object> adminProperties() {
    Map<String, Object> properties = new HashMap<>(config.kafka().properties());
    properties.put("reconnect.backoff.ms", "100");
    properties.put("reconnect.backoff.max.ms", "500");
    properties.put("default.api.timeout.ms", "5000");
    properties.put("request.timeout.ms", "4000");
    return properties;
  }

  private String waiting(String what, String last) throws InterruptedException {
    if (!what.equals(last)) Say.line(what);
    health.waitsFor(what);
    Thread.sleep(pauseMs);
    return what;
  }
}
