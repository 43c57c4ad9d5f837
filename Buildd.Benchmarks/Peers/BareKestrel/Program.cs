// The least that Kestrel can be: one constant for every request. Published like the daemon, it is what a start and an idle
// process cost at least.
using System.Globalization;
using System.Net;

var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
builder.WebHost.UseKestrelCore();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, int.Parse(args[0], CultureInfo.InvariantCulture)));
var application = builder.Build();
application.Run(http =>
{
    http.Response.ContentLength = 0;
    return Task.CompletedTask;
});
await application.RunAsync();
