import { createRoot } from 'react-dom/client';
import { App } from './shell/App.tsx';
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/ui.css';
import './style/forms.css';

createRoot(document.getElementById('root')!).render(<App />);
