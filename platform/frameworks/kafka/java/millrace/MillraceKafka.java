package millrace;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * Formats the storage of a KRaft node on its first start, then runs the broker in the same JVM: one JVM start instead of
 * two, and the password of the bootstrap user comes from a file instead of the command line of kafka-storage.
 *
 * Arguments: SERVER_PROPERTIES FORMAT_PROPERTIES. The latter (mode 0600) holds `cluster.id`, `user` and `password`.
 *
 * Exit code 78 (EX_CONFIG of sysexits.h): the data directory belongs to another cluster or node. Nothing is written then.
 */
public final class MillraceKafka {
  private static final int FOREIGN_DATA = 78;

  private MillraceKafka() {}

  public static void main(String[] arguments) throws Exception {
    Properties server = load(Path.of(arguments[0]));
    Properties format = load(Path.of(arguments[1]));
    Path logDir = Path.of(server.getProperty("log.dirs"));
    Path meta = logDir.resolve("meta.properties");
    if (Files.exists(meta)) {
      refuseForeign(meta, load(meta), server.getProperty("node.id"), format.getProperty("cluster.id"));
    } else {
      format(logDir, server, format);
    }
    kafka.Kafka.main(new String[] {arguments[0]});
  }

  private static void format(Path logDir, Properties server, Properties format) throws Exception {
    String scram = "SCRAM-SHA-512=[name=" + format.getProperty("user") + ",password=" + format.getProperty("password") + "]";
    new Formatter()
        .setPrintStream(System.out)
        .setNodeId(Integer.parseInt(server.getProperty("node.id")))
        .setClusterId(format.getProperty("cluster.id"))
        .setDirectories(List.of(logDir.toString()))
        .setMetadataLogDirectory(logDir.toString())
        .setControllerListenerName(server.getProperty("controller.listener.names"))
        .setScramArguments(List.of(scram))
        .setIgnoreFormatted(false)
        .run();
  }

  private static void refuseForeign(Path file, Properties found, String nodeId, String clusterId) {
    String foundCluster = found.getProperty("cluster.id");
    String foundNode = found.getProperty("node.id");
    if (clusterId.equals(foundCluster) && nodeId.equals(foundNode)) return;
    System.err.printf(
        "%s is of cluster %s, node %s; this is cluster %s, node %s. Nothing was changed.%n",
        file, foundCluster, foundNode, clusterId, nodeId);
    System.exit(FOREIGN_DATA);
  }

  private static Properties load(Path file) throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(file)) {
      properties.load(in);
    }
    return properties;
  }
}
