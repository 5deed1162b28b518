/** Tools of the machine that Millrace uses and can't bring in by itself, and how each is installed. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fail } from '../errors.ts';

export type Tool = 'node' | 'npm' | 'python3' | 'venv' | 'mvn' | 'java';

export interface InstallCommands {
  readonly debian: string;
  readonly fedora: string;
  readonly macos: string;
}

const installCommands: Readonly<Record<Tool, InstallCommands>> = {
  node: {
    debian: 'sudo apt-get install -y nodejs npm',
    fedora: 'sudo dnf install -y nodejs npm',
    macos: 'brew install node',
  },
  npm: { debian: 'sudo apt-get install -y npm', fedora: 'sudo dnf install -y npm', macos: 'brew install node' },
  python3: {
    debian: 'sudo apt-get install -y python3 python3-venv',
    fedora: 'sudo dnf install -y python3 python3-pip',
    macos: 'brew install python',
  },
  venv: {
    debian: 'sudo apt-get install -y python3-venv',
    fedora: 'sudo dnf install -y python3 python3-pip',
    macos: 'brew install python',
  },
  mvn: { debian: 'sudo apt-get install -y maven', fedora: 'sudo dnf install -y maven', macos: 'brew install maven' },
  java: {
    debian: 'sudo apt-get install -y openjdk-17-jre-headless',
    fedora: 'sudo dnf install -y java-17-openjdk-headless',
    macos: 'brew install openjdk@17',
  },
};

/** The command for each system, one per line. */
export function installText(tool: Tool): string {
  const { debian, fedora, macos } = installCommands[tool];
  return `  Debian/Ubuntu:  ${debian}\n  Fedora:         ${fedora}\n  macOS:          ${macos}`;
}

/** Throws TOOL_MISSING. `why`: what it is needed for, as a whole sentence. */
export function missing(tool: Tool, why: string): never {
  return fail('TOOL_MISSING', { tool, why, commands: installText(tool) });
}

/** Absolute path of the first executable `name` on the PATH. */
export function onPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
