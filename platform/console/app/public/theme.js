// Before the first paint, so that a chosen theme does not flash; shell/theme.ts writes what is read here.
try {
  const chosen = localStorage.getItem('millrace.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch {}
