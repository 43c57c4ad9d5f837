using Buildd.Daemon.Configuration;
using Buildd.Daemon.Security;
using Buildd.Slave.Http;

namespace Buildd.Daemon;

/// <summary>The one place where the slave's parts meet; the program and the tests both call it.</summary>
public static class SlaveApplication
{
    /// <summary>How long a kept connection may be silent; the reference's figure.</summary>
    private static readonly TimeSpan KeepAliveTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Puts a slave together. It listens once the application is started.</summary>
    /// <param name="configuration">What it is told.</param>
    /// <exception cref="ConfigurationException">Certificates or the token can't be used.</exception>
    public static WebApplication Create(DaemonConfiguration configuration)
    {
        var security = configuration.Security;
        // Empty: no settings files and no watcher on the working folder, which would follow every file of every chroot.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = false;
            console.TimestampFormat = "yyyy-MM-dd HH:mm:sszzz ";
            console.ColorBehavior = Microsoft.Extensions.Logging.Console.LoggerColorBehavior.Disabled;
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // the endpoint has its own limit and answers with the fault
            kestrel.Limits.KeepAliveTimeout = KeepAliveTimeout;
            KestrelSecurity.Limit(kestrel.Limits, security);
            kestrel.Listen(configuration.BindAddress, configuration.BindPort, listen => KestrelSecurity.Guard(
                listen, security, kestrel.ApplicationServices.GetRequiredService<SecretFiles>(),
                kestrel.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(KestrelSecurity).FullName!)));
        });
        builder.Services.AddSingleton(provider => new SecretFiles(security, TimeProvider.System, provider.GetRequiredService<ILogger<SecretFiles>>()));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<SecretFiles>());
        builder.Services.AddBuilddSlave(configuration.Slave);
        var application = builder.Build();
        var files = application.Services.GetRequiredService<SecretFiles>(); // now, so that a mistake is told before anything starts
        if (files.Token is not null)
            application.Use(new TokenGate(files).HandleAsync);
        application.UseRouting();
        application.MapBuilddSlave();
        return application;
    }
}
