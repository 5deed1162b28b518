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

/** What must be there before the jobs can start. Asks until it is, however long that takes. */
final class Servers {
  private static final long pauseMs = 100;

  private final RunnerConfig config;
  private final Health health;
  /** Input topics as awaitTopics has found them. */
  private final Map<String, Topic> found = new HashMap<>();

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
    Set<String> read = new TreeSet<>();
    for (RunnerConfig.Job job : config.jobs()) {
      read.add(job.input().topic());
      needed.addAll(List.of(job.input().topic(), job.input().deadLetterTopic(), job.output().topic()));
    }
    String last = "";
    Admin admin = null;
    try {
      while (true) {
        if (admin == null) admin = Admin.create(adminProperties());
        String missing = missing(admin, needed, read);
        if (missing.isEmpty()) return;
        last = waiting(missing, last);
      }
    } finally {
      if (admin != null) admin.close(java.time.Duration.ofSeconds(1));
    }
  }

  /** As awaitTopics has found it; `again`: as it is now. */
  Topic topic(String name, boolean again) throws Exception {
    if (!again && found.containsKey(name)) return found.get(name);
    try (Admin admin = Admin.create(adminProperties())) {
      return Topic.in(admin, Set.of(name)).get(name);
    }
  }

  private String missing(Admin admin, Set<String> needed, Set<String> read) throws InterruptedException {
    String brokers = String.join(",", config.kafka().brokers());
    try {
      String clusterId = admin.describeCluster().clusterId().get(5, TimeUnit.SECONDS);
      if (!config.kafka().clusterId().equals(clusterId)) {
        return "waiting for Kafka at " + brokers + ": cluster " + clusterId + " answers there, expected " + config.kafka().clusterId();
      }
      Set<String> there = admin.listTopics().names().get(5, TimeUnit.SECONDS);
      List<String> missing = new ArrayList<>(needed);
      missing.removeAll(there);
      if (!missing.isEmpty()) return "waiting for topics " + String.join(", ", missing);
      found.putAll(Topic.in(admin, read));
      return "";
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
