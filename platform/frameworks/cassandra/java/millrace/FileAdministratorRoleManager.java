package millrace;

import java.util.Map;
import java.util.Set;
import org.apache.cassandra.auth.CassandraRoleManager;
import org.apache.cassandra.auth.Role;
import org.apache.cassandra.auth.RoleResource;

/** Roles as Cassandra keeps them, and the administrator of the file; the default superuser is never made. */
public final class FileAdministratorRoleManager extends CassandraRoleManager {
  private static final RoleResource ADMINISTRATOR = RoleResource.role(Administrator.INSTANCE.name);
  private static final Role ADMINISTRATOR_ROLE =
      new Role(Administrator.INSTANCE.name, true, true, Map.of(), Set.of());

  /** What the parent does, without the task that makes the role cassandra with the password cassandra. */
  @Override
  public void setup() {
    loadRoleStatement();
    loadIdentityStatement();
  }

  @Override
  public Set<RoleResource> getRoles(RoleResource role, boolean includeInherited) {
    return role.equals(ADMINISTRATOR) ? Set.of(ADMINISTRATOR) : super.getRoles(role, includeInherited);
  }

  @Override
  public Set<Role> getRoleDetails(RoleResource role) {
    return role.equals(ADMINISTRATOR) ? Set.of(ADMINISTRATOR_ROLE) : super.getRoleDetails(role);
  }

  @Override
  public boolean isSuper(RoleResource role) {
    return role.equals(ADMINISTRATOR) || super.isSuper(role);
  }

  @Override
  public boolean canLogin(RoleResource role) {
    return role.equals(ADMINISTRATOR) || super.canLogin(role);
  }

  @Override
  public Map<String, String> getCustomOptions(RoleResource role) {
    return role.equals(ADMINISTRATOR) ? Map.of() : super.getCustomOptions(role);
  }

  @Override
  public boolean isExistingRole(RoleResource role) {
    return role.equals(ADMINISTRATOR) || super.isExistingRole(role);
  }
}
