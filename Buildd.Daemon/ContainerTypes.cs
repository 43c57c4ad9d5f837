using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Options;

namespace Buildd.Daemon;

/// <summary>
/// The generic types that the container closes at run time while the host starts. A native program contains only those types that its
/// compiler has seen; any other is assembled from metadata at each start. That took 8 of the 28 ms of processor time of a start, and 3 MiB.
/// </summary>
/// <remarks>
/// A type that is missing here costs time and nothing else, and one that is not needed costs a few bytes. With .NET 10 the list has all
/// public types that the service provider's cache of call sites holds after a start and a call.
/// </remarks>
internal static class ContainerTypes
{
    /// <summary>Has the native compiler see the types. Elsewhere it does nothing.</summary>
    internal static void Include()
    {
        if (!RuntimeFeature.IsDynamicCodeSupported)
            GC.KeepAlive(All());
    }

    private static Type[] All() =>
    [
        .. OfOptions<ConsoleLifetimeOptions>(), .. OfOptions<FormOptions>(), .. OfOptions<HostOptions>(),
        .. OfOptions<KestrelServerOptions>(), .. OfOptions<LoggerFactoryOptions>(), .. OfOptions<LoggerFilterOptions>(),
        .. OfOptions<MetricsOptions>(), .. OfOptions<RouteHandlerOptions>(), .. OfOptions<RouteOptions>(),
        .. OfOptions<SocketTransportOptions>(),
        typeof(IEnumerable<IConnectionListenerFactory>), typeof(IEnumerable<IHostedService>), typeof(IEnumerable<ILoggerProvider>),
        typeof(IEnumerable<IMetricsListener>), typeof(IEnumerable<IMultiplexedConnectionListenerFactory>),
        typeof(IEnumerable<IStartupFilter>), typeof(IEnumerable<MatcherPolicy>),
    ];

    private static Type[] OfOptions<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] T>()
        where T : class =>
    [
        typeof(IEnumerable<IConfigureOptions<T>>), typeof(IConfigureOptions<T>[]),
        typeof(IEnumerable<IPostConfigureOptions<T>>), typeof(IPostConfigureOptions<T>[]),
        typeof(IEnumerable<IValidateOptions<T>>), typeof(IValidateOptions<T>[]),
        typeof(IEnumerable<IOptionsChangeTokenSource<T>>), typeof(IOptionsChangeTokenSource<T>[]),
        typeof(IOptions<T>), typeof(IOptionsFactory<T>), typeof(OptionsFactory<T>),
        typeof(IOptionsMonitor<T>), typeof(OptionsMonitor<T>), typeof(IOptionsMonitorCache<T>), typeof(OptionsCache<T>),
    ];
}
