package millrace;

import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.cassandra.locator.InetAddressAndPort;
import org.apache.cassandra.locator.SeedProvider;

/** Seeds that never change. SimpleSeedProvider reads and checks the whole of cassandra.yaml again each time it is asked. */
public final class FixedSeedProvider implements SeedProvider {
  private final List<InetAddressAndPort> seeds = new ArrayList<>();

  /** `seeds`: `address:port`, separated by commas. */
  public FixedSeedProvider(Map<String, String> parameters) throws UnknownHostException {
    for (String seed : parameters.get("seeds").split(",")) seeds.add(InetAddressAndPort.getByName(seed.trim()));
  }

  @Override
  public List<InetAddressAndPort> getSeeds() {
    return seeds;
  }
}
