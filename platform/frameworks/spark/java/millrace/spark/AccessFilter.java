package millrace.spark;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * In front of the web pages of master and worker (`spark.ui.filters`): lets in who has the token, and names the installation
 * in a header, so that a probe knows whom it asks.
 */
public final class AccessFilter implements Filter {
  private byte[] expected;
  private String identity;

  @Override
  public void init(FilterConfig config) {
    expected = bytes("Bearer " + config.getInitParameter("token"));
    identity = config.getInitParameter("identity");
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain) throws IOException, ServletException {
    HttpServletResponse answer = (HttpServletResponse) response;
    String given = ((HttpServletRequest) request).getHeader("authorization");
    if (given == null || !MessageDigest.isEqual(bytes(given), expected)) {
      answer.sendError(HttpServletResponse.SC_UNAUTHORIZED);
      return;
    }
    answer.setHeader("millrace-identity", identity);
    chain.doFilter(request, response);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
