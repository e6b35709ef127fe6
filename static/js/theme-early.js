// Not a module, so that it runs before the first paint: the theme that was chosen here, if one was.
try {
  const theme = localStorage.getItem('rowcast.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch { /* no storage: the system's theme */ }
