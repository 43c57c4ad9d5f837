// usage: bare-kestrel PORT [ANSWER]
// The least that Kestrel can be: one constant for every request, the content of the file ANSWER. Published like the daemon, it
// is what a start, an idle process and a call cost at least.
using System.Globalization;
using System.Net;

var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
builder.WebHost.UseKestrelCore();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, int.Parse(args[0], CultureInfo.InvariantCulture)));
var application = builder.Build();
var answer = args.Length > 1 ? await File.ReadAllBytesAsync(args[1]) : [];
application.Run(async http =>
{
    http.Response.ContentType = "text/xml; charset=utf-8";
    http.Response.ContentLength = answer.Length;
    await http.Response.BodyWriter.WriteAsync(answer, http.RequestAborted);
});
await application.RunAsync();
