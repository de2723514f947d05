// Shows the API's own description. The token typed under "Authorize" stays in this page and is forgotten with it.
window.addEventListener("load", () => {
  window.SwaggerUIBundle({
    url: document.getElementById("docs").dataset.description,
    dom_id: "#docs",
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    persistAuthorization: false,
    showExtensions: false,
    tryItOutEnabled: false,
    validatorUrl: null,
  });
});
