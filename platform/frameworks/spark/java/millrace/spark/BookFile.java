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

  /** `topicId`: see Topic; null where it is not known. `unknown`: null where all was read. */
  record Content(String topic, String topicId, StageCounts counts, int forgottenWindows, long completeFromMs, Unknown unknown) {}

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

  /** Of a job without state: one for each topic that it has read, so that it goes on where it was when it comes back to one. */
  static BookFile ofTopic(Path directory, String job, String topic) {
    takeOver(directory, job, topic);
    return new BookFile(directory, job + "@" + topic);
  }

  /** Earlier versions kept one of each job: it becomes the one of the topic that it names, else of `topic`. */
  private static void takeOver(Path directory, String job, String topic) {
    Path former = directory.resolve(job + ".json");
    if (Files.notExists(former)) return;
    String name = job + "@" + topicIn(former, topic);
    try {
      Path changes = directory.resolve(job + ".changes.ndjson");
      if (Files.exists(changes)) Files.move(changes, directory.resolve(name + ".changes.ndjson"), StandardCopyOption.REPLACE_EXISTING);
      Files.move(former, directory.resolve(name + ".json"), StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException error) {
      Say.line("the ledger " + former + " can not be taken over: " + Say.reason(error));
    }
  }

  private static String topicIn(Path file, String otherwise) {
    try {
      return json.readTree(file.toFile()).path("topic").asText(otherwise);
    } catch (IOException unreadable) {
      return otherwise;
    }
  }

  /** Null: there is none. One of another topic counts as one that can't be read. */
  Content read(String topic) {
    // Where that can't be known (a directory that can't be entered), reading says why.
    if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) return null;
    try {
      JsonNode tree = json.readTree(file.toFile());
      String former = tree.path("topic").asText(topic);
      if (!former.equals(topic)) return forget(topic, "is of the topic " + former);
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
      int forgotten = tree.get("forgottenWindows").asInt();
      long completeFromMs = tree.path("completeFromMs").asLong(-1);
      return new Content(topic, BooksJson.topicId(tree), counts, forgotten, completeFromMs, BooksJson.unknown(tree));
    } catch (IOException | RuntimeException error) {
      return forget(topic, "could not be read (" + Say.reason(error) + ")");
    }
  }

  /**
   * Telemetry must not keep the job from running: counts begin anew, and it is told from when on they are whole. `what` is said of
   * the file. Until the new file is there the old one stays, and the next start does all this again: a driver that found none would
   * take its job for a new one.
   */
  Content forget(String topic, String what) {
    long nowMs = System.currentTimeMillis();
    // Above each of the lines of before, which stay until the new file is there.
    settlement = Math.max(settlement, nowMs);
    lines = maxLines;
    try {
      String why = "its journal " + file + " " + what + ": it lies as " + keepAside() + ", and counts begin anew";
      Content anew = new Content(topic, null, new StageCounts(), 0, -1, new Unknown(nowMs, why));
      write(anew, Set.of());
      return anew;
    } catch (IOException error) {
      fault = "its journal " + file + " can not be used (it " + what + "): make it and its directory readable and writable to "
          + "the user that Millrace runs as, or move the file away; it is tried again with each batch";
      return new Content(topic, null, new StageCounts(), 0, -1, new Unknown(nowMs, fault));
    }
  }

  private Path keepAside() throws IOException {
    Path aside = file.resolveSibling(file.getFileName() + ".unread");
    Files.deleteIfExists(aside);
    try {
      return Files.createLink(aside, file);
    } catch (IOException refused) {
      // No plain file, or one of another user, which the kernel may not let us link.
      return Files.move(file, aside);
    }
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
