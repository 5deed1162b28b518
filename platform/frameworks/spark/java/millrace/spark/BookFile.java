package millrace.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;

/**
 * A job's book on disk: `NAME.json`, all of it, and `NAME.changes.ndjson`, a line for each settlement since, with the windows that
 * it has changed as they are then. All would be a megabyte a second for a job that has run for half a day. A line counts if it is
 * whole and newer than the file, so that a death while either is written leaves the settlement before it, or this one.
 */
final class BookFile {
  private static final ObjectMapper json = new ObjectMapper();
  private static final int maxLines = 512;

  /** What was counted earlier is gone: windows that began before are unknown. */
  record Unknown(long beforeMs, String why) {}

  /** `unknown`: null where all was read. */
  record Content(String topic, StageCounts counts, int forgottenWindows, long completeFromMs, Unknown unknown) {}

  private final Path file;
  private final Path changes;
  private long settlement;
  /** In the file of changes; so many that all is to be written, where that is not known. */
  private int lines = maxLines;
  private String fault;
  private boolean unremovable;

  BookFile(Path directory, String name) {
    file = directory.resolve(name + ".json");
    changes = directory.resolve(name + ".changes.ndjson");
  }

  /** Null: there is none. One of another topic counts as one that can't be read. */
  Content read(String topic) {
    // Where that can't be known (a directory that can't be entered), reading says why.
    if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) return null;
    try {
      JsonNode tree = json.readTree(file.toFile());
      String former = tree.path("topic").asText(topic);
      // A revision that was undone comes back to its topic: counts of none before would be losses.
      if (!former.equals(topic)) return forget(topic, "it is of the topic " + former + ", which the job read before");
      settlement = tree.path("settlement").asLong();
      StageCounts counts = BooksJson.counts(tree.get("counts"));
      for (String line : Files.exists(changes) ? Files.readAllLines(changes) : List.<String>of()) {
        JsonNode change = whole(line);
        // The death of the process has cut it off, or it is in the file already.
        if (change == null || change.path("settlement").asLong() <= settlement) continue;
        tree = change;
        settlement = change.get("settlement").asLong();
        counts.replace(BooksJson.counts(change.get("counts")));
      }
      while (counts.windows.size() > JobBook.maxWindows) counts.windows.pollFirstEntry();
      return new Content(
          topic, counts, tree.get("forgottenWindows").asInt(), tree.path("completeFromMs").asLong(-1), BooksJson.unknown(tree));
    } catch (IOException | RuntimeException error) {
      return forget(topic, Say.reason(error));
    }
  }

  /** Telemetry must not keep the job from running: counts begin anew, and it is told from when on they are whole. */
  private Content forget(String topic, String reason) {
    long nowMs = System.currentTimeMillis();
    settlement = 0;
    try {
      if (Files.exists(changes, LinkOption.NOFOLLOW_LINKS)) aside(changes);
      Path aside = aside(file);
      String why = "its journal " + file + " could not be read (" + reason + "): it lies as " + aside + ", and counts begin anew";
      Content anew = new Content(topic, new StageCounts(), 0, -1, new Unknown(nowMs, why));
      // At once: a driver that dies before its first batch has ended must not take the file that is missing for a new job's.
      write(anew, Set.of());
      return anew;
    } catch (IOException error) {
      fault = "its journal " + file + " can not be used (" + reason + "): make it and its directory readable and writable to "
          + "the user that Millrace runs as, or move the file away; it is tried again with each batch";
      return new Content(topic, new StageCounts(), 0, -1, new Unknown(nowMs, fault));
    }
  }

  private static Path aside(Path path) throws IOException {
    return Files.move(path, path.resolveSibling(path.getFileName() + ".unread"), StandardCopyOption.REPLACE_EXISTING);
  }

  /** Changes first: they are of this file, and of no later one. */
  void remove() {
    try {
      Files.deleteIfExists(changes);
      Files.deleteIfExists(file);
    } catch (IOException error) {
      unremovable = true;
      fault = "the ledger " + file + " can not be removed: " + Say.reason(error);
    }
  }

  private static JsonNode whole(String line) {
    try {
      return json.readTree(line);
    } catch (IOException cutOff) {
      return null;
    }
  }

  /** `changed`: windows that are not as they were at the settlement before. What can't be written is told, and written next time. */
  void write(Content content, Set<Long> changed) {
    if (unremovable) return;
    settlement++;
    try {
      Files.createDirectories(file.getParent());
      if (lines >= maxLines) writeAll(content);
      else append(content, changed);
      fault = null;
    } catch (IOException error) {
      lines = maxLines;
      fault = "the ledger can not be written: " + Say.reason(error);
    }
  }

  private void append(Content content, Set<Long> changed) throws IOException {
    byte[] line = (json.writeValueAsString(BooksJson.settled(content, settlement, changed)) + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8);
    Files.write(changes, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    lines++;
  }

  private void writeAll(Content content) throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".new");
    Files.write(draft, json.writeValueAsBytes(BooksJson.settled(content, settlement, content.counts().windows.keySet())));
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    Files.deleteIfExists(changes);
    lines = 0;
  }

  String fault() {
    return fault;
  }
}
