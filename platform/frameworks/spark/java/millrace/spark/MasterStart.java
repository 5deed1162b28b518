package millrace.spark;

import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.deploy.master.Master;

/**
 * Starts a master. Its recovery directory tells it of the workers and applications it had. Where none of those workers runs any
 * more, because everything was stopped, it is emptied first: else the master would announce itself at the addresses of the old
 * workers, and a new one that listens there by then takes this for its registration and never asks for one (Spark 4.1.1,
 * Worker.changeMaster; the master says «Scheduler state from unknown worker»). It would also wait 30 s for the applications.
 *
 * Arguments: the recovery directory, then those of Spark's Master.
 */
public final class MasterStart {
  /** `worker_worker-<time>-<host>-<port>`: the name that Spark's FileSystemPersistenceEngine gives. */
  private static final Pattern worker = Pattern.compile("worker_worker-\\d+-(.+)-(\\d+)");

  private MasterStart() {}

  public static void main(String[] arguments) throws Exception {
    forget(Path.of(arguments[0]));
    Master.main(Arrays.copyOfRange(arguments, 1, arguments.length));
  }

  private static void forget(Path directory) throws IOException {
    if (!Files.isDirectory(directory) || anyWorkerListens(directory)) return;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) Files.delete(file);
    }
  }

  private static boolean anyWorkerListens(Path directory) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "worker_*")) {
      for (Path file : files) {
        Matcher name = worker.matcher(file.getFileName().toString());
        if (name.matches() && WorkerStart.listens(URI.create("spark://" + name.group(1) + ":" + name.group(2)))) return true;
      }
    }
    return false;
  }
}
