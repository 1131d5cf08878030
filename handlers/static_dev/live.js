// In every page of a static preview: shows what was saved at once, and tells the panel of errors.
(() => {
  let version = new URL(document.currentScript.src).searchParams.get('v');
  let errors = 0;

  // To the panel around us, if there is one: {source: 'dialup-preview', type, url, errors, message?}
  // with type 'loaded', 'error' or 'updated'. It holds nothing that the page does not show.
  const tell = (type, message) => {
    if (window.parent === window) return;
    window.parent.postMessage({ source: 'dialup-preview', type, url: location.href, errors, message }, '*');
  };
  const failed = what => {
    errors += 1;
    tell('error', String(what).slice(0, 500));
  };
  addEventListener('error', event => {
    const address = event.target?.src ?? event.target?.href;
    failed(event.message || `${address ?? 'A file'} could not be loaded`);
  }, true);
  addEventListener('unhandledrejection', event => failed(event.reason?.message ?? event.reason));
  const original = console.error;
  console.error = (...args) => {
    failed(args.map(String).join(' '));
    original.apply(console, args);
  };
  addEventListener('load', () => tell('loaded'));

  const swap = paths => {
    const sheets = [...document.querySelectorAll('link[rel~="stylesheet"]')].filter(sheet => {
      const url = new URL(sheet.href, location.href);
      return url.origin === location.origin && paths.includes(decodeURI(url.pathname));
    });
    if (!sheets.length) return false;
    for (const sheet of sheets) {
      const fresh = sheet.cloneNode();
      const url = new URL(sheet.href, location.href);
      url.searchParams.set('__dialup', version);
      fresh.href = url.href;
      // The old one stays until the new one is there: no flash of a page without style.
      fresh.onload = fresh.onerror = () => { sheet.remove(); tell('updated'); };
      sheet.after(fresh);
    }
    return true;
  };

  let wait = 250;
  const listen = () => {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/__dialup/live`);
    socket.onopen = () => { wait = 250; };
    socket.onmessage = event => {
      const news = JSON.parse(event.data);
      if (news.version === version) return;
      version = news.version;
      if (!news.css || !swap(news.css)) location.reload();
    };
    socket.onclose = () => {
      setTimeout(listen, wait);
      wait = Math.min(wait * 2, 5000);
    };
  };
  listen();
})();
