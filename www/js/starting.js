// Says so when the page cannot start: a module of it, or what that imports, did not load. No module itself, so that
// it is there before them. The text is in index.html; main.js and ui/chooser.js take it away.

addEventListener('error', ({ target }) => {
	const text = document.getElementById('starting');
	if (text && (target === window || target.localName === 'script')) {
		text.textContent = 'No se pudo cargar la página. Vuelve a cargarla dentro de un momento.';
	}
}, true);
