namespace Buildd.Daemon.Security;

/// <summary>
/// Lets requests through that bear the token: calls, files, figures, and what else there may be. <c>/healthz</c> needs none,
/// since those who ask for it (a load balancer, a container's supervisor) have none and learn no more than that.
/// </summary>
internal sealed class TokenGate(SecretFiles files)
{
    internal const string HealthPath = "/healthz";

    private static readonly byte[] Refusal = "This slave wants a token: Authorization: Bearer TOKEN\n"u8.ToArray();

    internal Task HandleAsync(HttpContext http, RequestDelegate next)
    {
        if (files.Token!.IsIn(http.Request.Headers.Authorization) || http.Request.Path.Value == HealthPath)
            return next(http);

        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        http.Response.Headers.WWWAuthenticate = "Bearer";
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.ContentLength = Refusal.Length;
        return HttpMethods.IsHead(http.Request.Method)
            ? Task.CompletedTask
            : http.Response.Body.WriteAsync(Refusal, http.RequestAborted).AsTask();
    }
}
