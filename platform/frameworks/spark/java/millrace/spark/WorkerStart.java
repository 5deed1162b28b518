package millrace.spark;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import org.apache.spark.deploy.worker.Worker;

/**
 * Starts a worker as soon as its master's port takes connections: one that comes too early waits 5 to 15 seconds before it
 * asks again. The arguments are those of Spark's Worker; the last is the master's URL.
 */
public final class WorkerStart {
  private static final long pauseMs = 50;

  private WorkerStart() {}

  public static void main(String[] arguments) throws Exception {
    Scratch.clear();
    awaitPort(URI.create(arguments[arguments.length - 1]));
    Worker.main(arguments);
  }

  /** Returns once something listens there, however long that takes. */
  static void awaitPort(URI server) throws InterruptedException {
    while (!listens(server)) Thread.sleep(pauseMs);
  }

  static boolean listens(URI server) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(server.getHost(), server.getPort()), 1000);
      return true;
    } catch (IOException error) {
      return false;
    }
  }
}
