package millrace.spark;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;

/**
 * A topic as Kafka has it. `id`: another one for each time that a topic of this name is made. `oldest`, `end`: by partition, the
 * offset of the oldest record that is kept, and of the next one. `goneBeforeMs`: records that came before may be deleted; 0: none is.
 */
record Topic(String id, Map<Integer, Long> oldest, Map<Integer, Long> end, long goneBeforeMs) {
  private static final long withinSeconds = 5;

  /** By name. */
  static Map<String, Topic> in(Admin admin, Set<String> names) throws InterruptedException, ExecutionException, TimeoutException {
    Map<String, TopicDescription> described = admin.describeTopics(names).allTopicNames().get(withinSeconds, TimeUnit.SECONDS);
    var oldest = offsets(admin, described, OffsetSpec.earliest());
    var ends = offsets(admin, described, OffsetSpec.latest());
    boolean allThere = oldest.values().stream().allMatch(each -> each.offset() == 0);
    // The first record of any time: the oldest one, with its own time.
    var first = allThere ? oldest : offsets(admin, described, OffsetSpec.forTimestamp(0));
    Map<String, Topic> topics = new HashMap<>();
    described.forEach((name, each) ->
        topics.put(name, new Topic(each.topicId().toString(), of(name, oldest), of(name, ends), goneBeforeMs(name, oldest, first))));
    return topics;
  }

  /** Whether records were read from beyond the end: then they were read from another topic, which had this name. */
  boolean endsBefore(Map<Integer, Long> positions) {
    return positions.entrySet().stream().anyMatch(each -> each.getValue() > end.getOrDefault(each.getKey(), 0L));
  }

  private static Map<TopicPartition, ListOffsetsResultInfo> offsets(Admin admin, Map<String, TopicDescription> topics, OffsetSpec which)
      throws InterruptedException, ExecutionException, TimeoutException {
    Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
    topics.forEach((name, topic) -> {
      for (TopicPartitionInfo each : topic.partitions()) asked.put(new TopicPartition(name, each.partition()), which);
    });
    return admin.listOffsets(asked).all().get(withinSeconds, TimeUnit.SECONDS);
  }

  private static Map<Integer, Long> of(String name, Map<TopicPartition, ListOffsetsResultInfo> all) {
    Map<Integer, Long> offsets = new HashMap<>();
    all.forEach((partition, info) -> {
      if (partition.topic().equals(name)) offsets.put(partition.partition(), info.offset());
    });
    return offsets;
  }

  private static long goneBeforeMs(
      String name, Map<TopicPartition, ListOffsetsResultInfo> oldest, Map<TopicPartition, ListOffsetsResultInfo> first) {
    long before = 0;
    for (var each : oldest.entrySet()) {
      if (!each.getKey().topic().equals(name) || each.getValue().offset() == 0) continue;
      long timeMs = first.get(each.getKey()).timestamp();
      before = Math.max(before, timeMs < 0 ? System.currentTimeMillis() : timeMs);
    }
    return before;
  }
}
