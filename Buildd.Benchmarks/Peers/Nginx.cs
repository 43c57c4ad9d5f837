using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Buildd.Benchmarks.Harness;

namespace Buildd.Benchmarks.Peers;

/// <summary>nginx as people serve files with: sendfile, one process per processor, no log of requests.</summary>
internal sealed class Nginx : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(10);

    private readonly Process _process;

    private Nginx(Process process, Uri url)
    {
        _process = process;
        Url = url;
    }

    internal Uri Url { get; }

    /// <summary>Starts one that serves a folder; null where it is not installed.</summary>
    internal static async Task<Nginx?> StartAsync(string folder, string served, CancellationToken cancellationToken)
    {
        var program = ((string[])["/usr/sbin/nginx", "/usr/bin/nginx"]).FirstOrDefault(File.Exists);
        if (program is null)
            return null;

        var port = FreePort();
        var home = Directory.CreateDirectory(Path.Combine(folder, "nginx")).FullName;
        var configuration = Path.Combine(home, "nginx.conf");
        await File.WriteAllTextAsync(
            configuration,
            string.Create(CultureInfo.InvariantCulture, $$"""
            daemon off;
            worker_processes auto;
            pid {{home}}/pid;
            error_log stderr;
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            events { worker_connections 256; }
            http {
                access_log off;
                sendfile on;
                tcp_nopush on;
                client_body_temp_path {{home}}/body;
                proxy_temp_path {{home}}/proxy;
                fastcgi_temp_path {{home}}/fastcgi;
                uwsgi_temp_path {{home}}/uwsgi;
                scgi_temp_path {{home}}/scgi;
                server {
                    listen 127.0.0.1:{{port}};
                    location / { root {{served}}; }
                }
            }
            """),
            cancellationToken);
        var process = Process.Start(program, ["-p", home, "-c", configuration])!;
        var nginx = new Nginx(process, new Uri($"http://127.0.0.1:{port}/"));
        var start = Stopwatch.GetTimestamp();
        while (!await AnswersAsync(port, cancellationToken))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(start) > StartDeadline)
            {
                await nginx.DisposeAsync();
                throw new BenchmarkException("nginx did not start; what it said is above");
            }

            await Task.Delay(20, cancellationToken);
        }

        return nginx;
    }

    /// <summary>A port that nothing listened on a moment ago.</summary>
    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await PeerProcess.RunAsync("kill", [_process.Id.ToString(CultureInfo.InvariantCulture)], CancellationToken.None);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<bool> AnswersAsync(int port, CancellationToken cancellationToken)
    {
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
