package millrace.spark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executors;

/** `GET /healthz`: the shape of every task of a pipeline, and `queries`. `GET /stages.json`: StageBooks, with `?since=MS` of windows from then on. Listens on the address it is given: loopback. */
final class Health {
  private final ObjectMapper json = new ObjectMapper();
  private final RunnerConfig config;
  private final Progress progress;
  private final StageBooks books;
  private volatile String waitingFor = "starting";

  Health(RunnerConfig config, Progress progress, StageBooks books) {
    this.config = config;
    this.progress = progress;
    this.books = books;
  }

  void listen() throws IOException {
    try {
      HttpServer server = HttpServer.create(new InetSocketAddress(config.health().address(), config.health().port()), 16);
      server.createContext("/healthz", exchange -> answer(exchange, report()));
      server.createContext("/stages.json", exchange -> answer(exchange, stages(exchange.getRequestURI().getQuery())));
      server.setExecutor(Executors.newSingleThreadExecutor(task -> daemon(task, "health")));
      server.start();
    } catch (BindException error) {
      throw new Fatal("port " + config.health().port() + " on " + config.health().address() + " is taken");
    }
  }

  /** What the runner itself waits for; empty: only the queries count. */
  void waitsFor(String what) {
    waitingFor = what;
  }

  private void answer(HttpExchange exchange, Map<String, Object> report) throws IOException {
    try (exchange) {
      if (!exchange.getRequestMethod().equals("GET")) {
        exchange.sendResponseHeaders(405, -1);
        return;
      }
      byte[] body = json.writeValueAsBytes(report);
      exchange.getResponseHeaders().set("content-type", "application/json");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private Map<String, Object> identity() {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("task", config.task());
    report.put("pipeline", config.pipeline());
    report.put("revision", config.revision());
    return report;
  }

  /** `since=MILLISECONDS`; all windows without it, or with something else. */
  private static long sinceOf(String query) {
    if (query == null || !query.matches("since=\\d{1,18}")) return Long.MIN_VALUE;
    return Long.parseLong(query.substring("since=".length()));
  }

  private Map<String, Object> stages(String query) {
    Map<String, Object> report = identity();
    report.put("stages", books.report(sinceOf(query)));
    return report;
  }

  private Map<String, Object> report() {
    String waiting = waitingFor.isEmpty() ? progress.waitingFor() : waitingFor;
    Map<String, Object> report = identity();
    report.put("ready", waitingFor.isEmpty() && progress.ready());
    report.put("waitingFor", waiting);
    report.put("queries", progress.snapshot());
    return report;
  }

  static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }
}
