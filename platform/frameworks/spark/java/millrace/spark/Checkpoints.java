package millrace.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The checkpoint directories of one query: where it would go on, where a new one begins, which are removed. Reads the files
 * that Spark writes (`commits/N`, `offsets/N`, `sources/0/0`), each of which is whole or not there.
 */
final class Checkpoints {
  /** In the name of a directory that is being removed: half of a checkpoint must never be taken for one. */
  private static final String removing = ".removing-";

  private static final ObjectMapper json = new ObjectMapper();

  private final RunnerConfig.Checkpoint checkpoint;
  private final String topic;
  /** What others have left is of another topic, too. */
  private boolean ofAnother;

  Checkpoints(RunnerConfig.Checkpoint checkpoint, String topic) {
    this.checkpoint = checkpoint;
    this.topic = topic;
  }

  /**
   * By partition, the first offset that the query will read; empty when it will read from the oldest record on. What a batch
   * that was not committed has read is read again.
   */
  Map<Integer, Long> position() {
    Path own = Path.of(checkpoint.directory());
    if (Files.exists(own.resolve("sources/0/0")) || latest(own.resolve("offsets")).isPresent()) return positionIn(own);
    if (ofAnother) return Map.of();
    if (Files.exists(aside())) return positionIn(aside());
    Map<Integer, Long> least = new TreeMap<>();
    for (String directory : checkpoint.from()) positionIn(Path.of(directory)).forEach((partition, offset) -> least.merge(partition, offset, Math::min));
    return least;
  }

  /** Whether a query has begun a batch with this checkpoint. */
  static boolean hasBegun(Path directory) {
    return latest(directory.resolve("offsets")).isPresent();
  }

  private Map<Integer, Long> positionIn(Path directory) {
    OptionalLong batch = latest(directory.resolve("commits"));
    Path initial = directory.resolve("sources/0/0");
    if (batch.isPresent()) return offsetsIn(directory.resolve("offsets").resolve(batch.getAsLong() + ""));
    return Files.exists(initial) ? offsetsIn(initial) : Map.of();
  }

  /** The least offset of each partition of the topic, over all sources of the file. */
  private Map<Integer, Long> offsetsIn(Path file) {
    Map<Integer, Long> offsets = new TreeMap<>();
    try {
      for (String line : Files.readAllLines(file, java.nio.charset.StandardCharsets.UTF_8)) {
        if (!line.startsWith("{")) continue;
        JsonNode partitions = json.readTree(line).path(topic);
        partitions.fields().forEachRemaining(each -> offsets.merge(Integer.valueOf(each.getKey()), each.getValue().asLong(), Math::min));
      }
    } catch (IOException error) {
      throw new Fatal("the checkpoint " + file + " can not be read: " + error.getClass().getSimpleName());
    }
    return offsets;
  }

  /** The greatest number among the names of files in `log`. */
  private static OptionalLong latest(Path log) {
    if (!Files.isDirectory(log)) return OptionalLong.empty();
    try (Stream<Path> files = Files.list(log)) {
      return files.map(file -> file.getFileName().toString()).filter(name -> name.matches("\\d+")).mapToLong(Long::parseLong).max();
    } catch (IOException error) {
      throw new Fatal("the checkpoint " + log + " can not be read: " + error.getClass().getSimpleName());
    }
  }

  /**
   * Spark's `startingOffsets`, which count only while the query has no checkpoint of its own. `oldest`: by partition, the
   * oldest offset that Kafka has; a position before it would be one of records that are gone.
   */
  String startingOffsets(int partitions, Map<Integer, Long> oldest) {
    Map<Integer, Long> position = position();
    if (position.isEmpty()) return "earliest";
    Map<String, Long> all = new HashMap<>();
    // -2: Kafka's word for the oldest record.
    for (int at = 0; at < partitions; at++) {
      long offset = position.getOrDefault(at, -2L);
      all.put(at + "", offset < oldest.getOrDefault(at, 0L) ? -2L : offset);
    }
    return json.valueToTree(Map.of(topic, all)).toString();
  }

  /** How many records are gone that the query had still to read. */
  long lost(Map<Integer, Long> oldest) {
    return position().entrySet().stream().mapToLong(each -> Math.max(0, oldest.getOrDefault(each.getKey(), 0L) - each.getValue())).sum();
  }

  /**
   * Lets a query without state begin a new checkpoint at the position of the one it has: a real-time query can't go on before
   * the oldest record, whatever `failOnDataLoss` says. The old one tells the position until the new one has its own.
   */
  void setAside() throws IOException {
    Path own = Path.of(checkpoint.directory());
    if (positionIn(own).isEmpty()) return;
    if (Files.exists(aside())) remove(aside());
    Files.move(own, aside());
  }

  /** The topic was removed and made anew: the query begins with the oldest record, and without the state of what it read before. */
  void forget() throws IOException {
    ofAnother = true;
    for (Path each : List.of(Path.of(checkpoint.directory()), aside())) if (Files.exists(each)) remove(each);
  }

  private Path aside() {
    return Path.of(checkpoint.directory() + "~");
  }

  /** The query has written a batch: of its other directories only those that a rollback would need stay. */
  void removeOthers() {
    Path root = Path.of(checkpoint.directory()).getParent();
    try (Stream<Path> all = Files.list(root)) {
      for (Path each : all.toList()) if (isOld(each)) remove(each);
    } catch (IOException error) {
      Say.line("old checkpoints of " + checkpoint.query() + " stay for now: " + Say.reason(error));
    }
  }

  private boolean isOld(Path directory) {
    String name = directory.getFileName().toString();
    if (name.startsWith(removing)) return true;
    int dot = name.lastIndexOf('.');
    // Of before checkpoints had shapes: the query's name alone.
    boolean mine = name.equals(checkpoint.query()) || (dot > 0 && name.substring(0, dot).equals(checkpoint.query()));
    return mine && checkpoint.keep().stream().noneMatch(kept -> Path.of(kept).equals(directory));
  }

  private static void remove(Path directory) throws IOException {
    String name = directory.getFileName().toString();
    Path aside = name.startsWith(removing) ? directory : Files.move(directory, directory.resolveSibling(removing + name + "-" + System.nanoTime()));
    try (Stream<Path> all = Files.walk(aside)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(each);
    }
  }
}
