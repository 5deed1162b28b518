import type { ErrorRow } from '../errors.ts';

/** Errors of the machine and of what Millrace brings onto it: tools, artifacts, the agent, the declared cluster. */
export const machineRows = {
  AGENT_UNREACHABLE: {
    class: 'environment',
    retryable: true,
    what: 'The node agent does not answer at {socket}.',
    meaning: 'Tasks that run keep running; they can not be watched or changed without the agent.',
    next: 'Run `millrace up`.',
  },
  AGENT_FAILED: {
    class: 'environment',
    retryable: true,
    what: 'The node agent did not come up: {reason}.',
    meaning:
      'Tasks that run keep running; they can not be watched or changed without the agent. Its last words:\n{tail}',
    next: 'Mend what it says, then run `millrace up`.',
  },
  AGENT_FOREIGN: {
    class: 'environment',
    retryable: false,
    what: 'The agent at {socket} (process {pid}) is {found}, where {expected} belongs.',
    meaning: 'It was started by another Millrace. It was left as it is.',
    next: 'End it with `kill {pid}` (its tasks keep running), then run `millrace up`.',
  },
  UNKNOWN_TASK: {
    class: 'input',
    retryable: false,
    what: 'There is no task "{task}" here.',
    meaning: 'Tasks are known from their launch to their removal. Tasks of this home: {known}.',
    next: 'Run `millrace status` for those there are.',
  },
  TASK_NOT_ENDED: {
    class: 'runtime',
    retryable: true,
    what: 'Task "{task}" can not be ended: processes {pids} are still there after SIGKILL.',
    meaning: 'The kernel holds them, as a rule because of a disk that does not answer.',
    next: 'Run the command again; if they stay, restart the machine.',
  },
  CLUSTER_EXISTS: {
    class: 'input',
    retryable: false,
    what: 'This home has a cluster already: {found}, asked for {asked}.',
    meaning: 'Tasks are placed on its nodes. Nothing was changed.',
    next: 'Use it as it is, or point MILLRACE_HOME to another directory for another cluster.',
  },
  CLUSTER_ABSENT: {
    class: 'environment',
    retryable: false,
    what: 'This home has no cluster yet: {file} is not there.',
    meaning: 'Nothing has been started here.',
    next: 'Run `millrace up`.',
  },
  NODE_ADDRESS_ABSENT: {
    class: 'environment',
    retryable: false,
    what: 'This machine does not have the address {address} for a node.',
    meaning: 'Each node on one machine has a loopback address of its own; macOS has 127.0.0.1 only.',
    next: 'Run `sudo ifconfig lo0 alias {address} up`, or ask for fewer nodes.',
  },
  TOOL_MISSING: {
    class: 'environment',
    retryable: false,
    what: '"{tool}" is missing on this machine.',
    meaning: '{why}',
    next: 'Install it, then run the command again:\n{commands}',
  },
  ARTIFACT_MISSING: {
    class: 'environment',
    retryable: false,
    what: 'These are not in the cache {cache} yet: {artifacts}.',
    meaning: 'Servers are brought in once, and then shared by all checkouts and pipelines.',
    next: 'Run `millrace fetch`.',
  },
  ARTIFACT_TRUNCATED: {
    class: 'environment',
    retryable: false,
    what: 'A file of {artifact} {version} was cut short: {file} has {found} of {expected} bytes.',
    meaning: 'Running it could fail in odd ways, so it is not used.',
    next: 'Run `millrace fetch --repair`.',
  },
  ARTIFACT_ALTERED: {
    class: 'environment',
    retryable: false,
    what: 'A file of {artifact} {version} is not what was pinned: {file}, {reason}.',
    meaning:
      'Something changed it after it was brought in, or another file was delivered in its place. It is not used.',
    next: 'Run `millrace fetch --repair`.',
  },
  COMMAND_FAILED: {
    class: 'environment',
    retryable: true,
    what: '`{command}` ended {ending}.',
    meaning: 'Its last lines:\n{tail}',
    next: 'Mend what it says (registry and proxy settings are its own: pip config, ~/.m2/settings.xml), then run the command again; what has come is kept.',
  },
  PLATFORM_UNSUPPORTED: {
    class: 'environment',
    retryable: false,
    what: '{artifact} {version} is not published for {platform}.',
    meaning: 'It is published for: {published}.',
    next: 'Run Millrace on one of those. If it is Java that is not published, install Java 17 on the machine (Debian/Ubuntu: sudo apt-get install -y openjdk-17-jre-headless; Fedora: sudo dnf install -y java-17-openjdk-headless; macOS: brew install openjdk@17).',
  },
  JAVA_COMPILE_FAILED: {
    class: 'internal',
    retryable: false,
    what: 'The Java sources of {framework} do not compile.',
    meaning: '{output}',
    next: 'Mend platform/frameworks/{framework}/java, then run the command again.',
  },
  CLASS_DATA_NOT_WRITTEN: {
    class: 'runtime',
    retryable: true,
    what: 'The run of {name} that was to write its class-data archive wrote none.',
    meaning: 'It starts without the archive as well, only slower.',
    next: 'Nothing has to be done; the next start tries again.',
  },
} as const satisfies Record<string, ErrorRow>;
