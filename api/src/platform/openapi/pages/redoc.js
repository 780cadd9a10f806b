// Starts ReDoc on the document of this server. Its search would need a worker made from text, which
// the page's policy does not allow.
Redoc.init("/openapi.json", { disableSearch: true, hideLoading: false }, document.getElementById("redoc"));
