package millrace;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Properties;

/**
 * The one superuser of a node. It stands in a file of the node (mode 0600, named by the system property
 * `millrace.administrator`), not in a table: it exists before the first table does, can log in when no replica of system_auth
 * answers, and makes the well-known default superuser unnecessary.
 */
final class Administrator {
  static final Administrator INSTANCE = load(Path.of(System.getProperty("millrace.administrator")));

  final String name;
  private final byte[] password;

  private Administrator(String name, String password) {
    this.name = name;
    this.password = password.getBytes(StandardCharsets.UTF_8);
  }

  boolean accepts(byte[] offered) {
    return MessageDigest.isEqual(password, offered);
  }

  private static Administrator load(Path file) {
    Properties properties = new Properties();
    try (InputStream in = Files.newInputStream(file)) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Administrator(properties.getProperty("name"), properties.getProperty("password"));
  }
}
