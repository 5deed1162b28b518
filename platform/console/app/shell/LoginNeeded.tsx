import { Logo } from '../ui/Icon.tsx';

/** What is shown without a session. A link is good for one login, so it comes from the command line each time. */
export function LoginNeeded() {
  return (
    <main className="alone">
      <div className="card login">
        <Logo />
        <h1>Log in</h1>
        <p>This browser has no session with Millrace. On the machine that runs it, ask for a link and open it here:</p>
        <pre>
          <code>./millrace console</code>
        </pre>
        <p className="muted">A link is good for one login. It opens the console on this machine only.</p>
      </div>
    </main>
  );
}
