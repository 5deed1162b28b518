package millrace;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.cassandra.auth.AuthenticatedUser;
import org.apache.cassandra.auth.PasswordAuthenticator;
import org.apache.cassandra.exceptions.AuthenticationException;

/** Passwords of roles as Cassandra keeps them, in system_auth; the administrator's, from its file. */
public final class FileAdministratorAuthenticator extends PasswordAuthenticator {
  @Override
  public SaslNegotiator newSaslNegotiator(InetAddress client) {
    return new Negotiator(super.newSaslNegotiator(client));
  }

  private static final class Negotiator implements SaslNegotiator {
    private final SaslNegotiator roles;
    private boolean isAdministrator;

    Negotiator(SaslNegotiator roles) {
      this.roles = roles;
    }

    /** SASL PLAIN (RFC 4616): authorization id, NUL, name, NUL, password. */
    @Override
    public byte[] evaluateResponse(byte[] response) throws AuthenticationException {
      int passwordAt = lastNul(response, response.length) + 1;
      int nameAt = lastNul(response, passwordAt - 1) + 1;
      if (passwordAt < 2 || nameAt < 1) return roles.evaluateResponse(response);
      String name = new String(response, nameAt, passwordAt - 1 - nameAt, StandardCharsets.UTF_8);
      if (!name.equals(Administrator.INSTANCE.name)) return roles.evaluateResponse(response);
      if (!Administrator.INSTANCE.accepts(Arrays.copyOfRange(response, passwordAt, response.length))) {
        throw new AuthenticationException("Provided username and/or password are incorrect");
      }
      isAdministrator = true;
      return null;
    }

    @Override
    public boolean isComplete() {
      return isAdministrator || roles.isComplete();
    }

    @Override
    public AuthenticatedUser getAuthenticatedUser() throws AuthenticationException {
      return isAdministrator ? new AuthenticatedUser(Administrator.INSTANCE.name) : roles.getAuthenticatedUser();
    }

    private static int lastNul(byte[] bytes, int end) {
      for (int at = end - 1; at >= 0; at--) if (bytes[at] == 0) return at;
      return -1;
    }
  }
}
