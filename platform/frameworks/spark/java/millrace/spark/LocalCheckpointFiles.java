package millrace.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PathFilter;
import org.apache.spark.sql.execution.streaming.checkpointing.CheckpointFileManager;

/**
 * Checkpoint and state files on a local disk, by java.nio (`spark.sql.streaming.checkpointFileManagerClass`). Hadoop's local
 * file system, without its native library, starts a process for each file it makes (chmod) and writes a second one with
 * checksums; a micro-batch with two stateful operators makes some twenty files.
 *
 * A file appears whole under its name or not at all. As with Hadoop's, nothing is forced to the disk: what is complete
 * survives the end of the process, not the loss of power.
 */
public final class LocalCheckpointFiles implements CheckpointFileManager {
  /** In the driver: is given the file of a batch's commit before it is written, in the thread that writes it. */
  static volatile Consumer<java.nio.file.Path> beforeCommit = commit -> {};

  private final Path root;

  /** Called by Spark, by reflection. */
  public LocalCheckpointFiles(Path root, Configuration configuration) {
    this.root = root;
  }

  @Override
  public CancellableFSDataOutputStream createAtomic(Path path, boolean overwriteIfPossible) {
    java.nio.file.Path target = local(path);
    if (target.getParent().endsWith("commits")) beforeCommit.accept(target);
    java.nio.file.Path partial = target.resolveSibling("." + target.getFileName() + "." + java.util.UUID.randomUUID() + ".tmp");
    try {
      Files.createDirectories(target.getParent());
      return new AtomicFile(target, partial, overwriteIfPossible);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  @Override
  public FSDataInputStream open(Path path) {
    return unchecked(() -> new FSDataInputStream(new LocalInput(local(path))));
  }

  @Override
  public FileStatus[] list(Path path, PathFilter filter) {
    return unchecked(
        () -> {
          try (Stream<java.nio.file.Path> children = Files.list(local(path))) {
            List<java.nio.file.Path> all = children.filter(child -> filter.accept(new Path(path, child.getFileName().toString()))).toList();
            FileStatus[] found = new FileStatus[all.size()];
            for (int at = 0; at < found.length; at++) found[at] = status(path, all.get(at));
            return found;
          }
        });
  }

  @Override
  public void mkdirs(Path path) {
    unchecked(() -> Files.createDirectories(local(path)));
  }

  @Override
  public boolean exists(Path path) {
    return Files.exists(local(path));
  }

  /** Of a directory: with all that is in it. Deleting what is not there is no error. */
  @Override
  public void delete(Path path) {
    unchecked(
        () -> {
          java.nio.file.Path start = local(path);
          if (!Files.exists(start)) return null;
          try (Stream<java.nio.file.Path> all = Files.walk(start)) {
            for (java.nio.file.Path each : all.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(each);
          }
          return null;
        });
  }

  @Override
  public boolean isLocal() {
    return true;
  }

  @Override
  public Path createCheckpointDirectory() {
    java.nio.file.Path made = unchecked(() -> Files.createDirectories(local(root)));
    return new Path(made.toUri());
  }

  private static java.nio.file.Path local(Path path) {
    return java.nio.file.Path.of(path.toUri().getPath());
  }

  private static FileStatus status(Path parent, java.nio.file.Path file) throws IOException {
    long modified = Files.getLastModifiedTime(file).toMillis();
    return new FileStatus(Files.size(file), Files.isDirectory(file), 1, 4096, modified, new Path(parent, file.getFileName().toString()));
  }

  private interface Work<T> {
    T done() throws IOException;
  }

  /** Spark's callers tell a missing file from other faults by FileNotFoundException; the interface declares no exceptions. */
  private static <T> T unchecked(Work<T> work) {
    try {
      return work.done();
    } catch (NoSuchFileException error) {
      throw LocalCheckpointFiles.<RuntimeException>sneaky(new FileNotFoundException(error.getFile()));
    } catch (IOException error) {
      throw LocalCheckpointFiles.<RuntimeException>sneaky(error);
    }
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E sneaky(Throwable error) throws E {
    throw (E) error;
  }

  /** Written beside its target, moved onto it by `close`; after `cancel`, gone. */
  private static final class AtomicFile extends CancellableFSDataOutputStream {
    private final java.nio.file.Path target;
    private final java.nio.file.Path partial;
    private final boolean overwrite;
    private boolean ended;

    AtomicFile(java.nio.file.Path target, java.nio.file.Path partial, boolean overwrite) throws IOException {
      super(Files.newOutputStream(partial));
      this.target = target;
      this.partial = partial;
      this.overwrite = overwrite;
    }

    @Override
    public synchronized void close() throws IOException {
      if (ended) return;
      ended = true;
      super.close();
      if (overwrite) {
        Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return;
      }
      try {
        // A link, because a move would replace what is there.
        Files.createLink(target, partial);
      } catch (FileAlreadyExistsException error) {
        throw new org.apache.hadoop.fs.FileAlreadyExistsException(target.toString());
      } finally {
        Files.deleteIfExists(partial);
      }
    }

    @Override
    public synchronized void cancel() {
      if (ended) return;
      ended = true;
      unchecked(
          () -> {
            super.close();
            return Files.deleteIfExists(partial);
          });
    }
  }

  private static final class LocalInput extends FSInputStream {
    private final RandomAccessFile file;

    LocalInput(java.nio.file.Path path) throws IOException {
      if (!Files.isRegularFile(path)) throw new NoSuchFileException(path.toString());
      file = new RandomAccessFile(path.toFile(), "r");
    }

    @Override
    public int read() throws IOException {
      return file.read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      return file.read(target, offset, length);
    }

    @Override
    public void seek(long position) throws IOException {
      file.seek(position);
    }

    @Override
    public long getPos() throws IOException {
      return file.getFilePointer();
    }

    @Override
    public boolean seekToNewSource(long position) {
      return false;
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
