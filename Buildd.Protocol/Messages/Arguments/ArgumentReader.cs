using Buildd.Protocol.XmlRpc;

namespace Buildd.Protocol.Messages.Arguments;

/// <summary>
/// Reads the arguments of a build call by name, into typed values. nil counts as not given. What is there and of another type is a
/// <see cref="MessageFormatException"/>, which names the argument and not its value: that may be a secret.
/// </summary>
/// <param name="arguments">The arguments as they came.</param>
public sealed class ArgumentReader(XmlRpcStruct arguments)
{
    private readonly HashSet<string> _asked = [];

    /// <summary>A text; null when not given.</summary>
    /// <exception cref="MessageFormatException">It is something else.</exception>
    public string? Text(string name) => Find(name) is { } value ? Shape.Text(value, Named(name)) : null;

    /// <summary>A text that has to be there.</summary>
    /// <exception cref="MessageFormatException">It isn't there, or is something else.</exception>
    public string RequiredText(string name) => Text(name) ?? throw new MessageFormatException($"{Named(name)} is missing.");

    /// <summary>A boolean, also as a number, which older masters send; false when not given.</summary>
    /// <exception cref="MessageFormatException">It is something else.</exception>
    public bool Flag(string name) => Find(name) is { } value && Shape.Flag(value, Named(name));

    /// <summary>An array of texts; null when not given, which is not always the same as an empty one.</summary>
    /// <exception cref="MessageFormatException">It is something else.</exception>
    public IReadOnlyList<string>? Texts(string name) => Find(name) switch
    {
        null => null,
        XmlRpcArray array => [.. array.Select(item => Shape.Text(item, $"each item of {Named(name)}"))],
        var other => throw Shape.Wrong(other, Named(name), "an array of strings"),
    };

    /// <summary>A struct of texts, in its order; empty when not given.</summary>
    /// <exception cref="MessageFormatException">It is something else.</exception>
    public IReadOnlyDictionary<string, string> Members(string name) =>
        Shape.Texts(Find(name) ?? new XmlRpcStruct(), Named(name));

    /// <summary>An array of binary values, each in base64; empty when not given.</summary>
    /// <exception cref="MessageFormatException">It is something else.</exception>
    public IReadOnlyList<ReadOnlyMemory<byte>> Base64Texts(string name) =>
        [.. (Texts(name) ?? []).Select((text, index) => Decode(text, $"entry {index + 1} of {Named(name)}"))];

    /// <summary>Whatever nothing has been asked about so far, in its order.</summary>
    public XmlRpcStruct Others() => new(arguments.Where(argument => !_asked.Contains(argument.Key)));

    private static string Named(string name) => $"the argument '{name}'";

    private static ReadOnlyMemory<byte> Decode(string text, string what)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            throw new MessageFormatException($"{what} is not base64.");
        }
    }

    private XmlRpcValue? Find(string name)
    {
        _asked.Add(name);
        return arguments.TryGetValue(name, out var value) && value is not XmlRpcNil ? value : null;
    }
}
