using Buildd.Protocol;

namespace Buildd.Farm.Inputs;

/// <summary>
/// Serves the inputs of builds to slaves: <c>GET /SHA1/NAME</c>, whole or from some byte on. Who knows a sum may have the
/// file; nothing can be listed.
/// </summary>
internal static class InputEndpoints
{
    /// <summary>Adds them to a program's own.</summary>
    internal static void MapInputs(this IEndpointRouteBuilder endpoints, InputStore inputs) =>
        endpoints.MapMethods("/{sha1}/{name}", [HttpMethods.Get, HttpMethods.Head], http => SendAsync(http, inputs));

    private static Task SendAsync(HttpContext http, InputStore inputs)
    {
        if (!Sha1.TryParse(http.Request.RouteValues["sha1"] as string, out var sha1) || inputs.Find(sha1) is not { } path)
            return Results.NotFound().ExecuteAsync(http);
        // The sum names the content for ever, so it is the validator too: a slave whose download breaks takes it up again.
        return Results.File(
            path, "application/octet-stream", entityTag: new Microsoft.Net.Http.Headers.EntityTagHeaderValue($"\"{sha1}\""),
            enableRangeProcessing: true)
            .ExecuteAsync(http);
    }
}
