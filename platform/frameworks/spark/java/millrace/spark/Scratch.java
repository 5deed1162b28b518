package millrace.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** The directory for shuffle files and blocks (system property `millrace.scratch`): what a killed process left is useless. */
final class Scratch {
  private Scratch() {}

  static void clear() throws IOException {
    String directory = System.getProperty("millrace.scratch");
    if (directory == null || !Files.isDirectory(Path.of(directory))) return;
    try (Stream<Path> all = Files.walk(Path.of(directory))) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(each);
    }
  }
}
