using System.Text;

namespace Buildd.Master.Mail;

/// <summary>
/// The text of a kind of mail: a first line <c>Subject: …</c>, an empty line, and the body, with <c>{name}</c> where a value goes
/// and <c>{{</c> for a brace. Immutable.
/// </summary>
internal sealed class MailTemplate
{
    private const string SubjectMark = "Subject: ";

    private readonly string _subject;
    private readonly string _body;

    private MailTemplate(string subject, string body)
    {
        _subject = subject;
        _body = body;
    }

    /// <summary>Reads a template.</summary>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="text">Its text.</param>
    /// <param name="names">The names of the values that there are.</param>
    /// <exception cref="MailException">It has no subject, or uses a value that there isn't.</exception>
    public static MailTemplate Parse(string name, string text, IReadOnlyCollection<string> names)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(names);
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n', 3);
        if (lines is not [var subject, "", var body] || !subject.StartsWith(SubjectMark, StringComparison.Ordinal))
            throw new MailException($"the template {name} does not begin with 'Subject: ' and an empty line");
        var template = new MailTemplate(subject[SubjectMark.Length..], body);
        foreach (var used in Names(template._subject).Concat(Names(body)))
        {
            if (!names.Contains(used))
                throw new MailException(
                    $"the template {name} has {{{used}}} in it, and there are {string.Join(", ", names.Order(StringComparer.Ordinal))}");
        }

        return template;
    }

    /// <summary>Puts values in. A value is text and no template: braces in it stay as they are.</summary>
    internal (string Subject, string Body) Fill(IReadOnlyDictionary<string, string> values) =>
        (Fill(_subject, values), Fill(_body, values));

    private static string Fill(string text, IReadOnlyDictionary<string, string> values)
    {
        var filled = new StringBuilder();
        foreach (var (isName, part) in Parts(text))
            filled.Append(isName ? values[part] : part);
        return filled.ToString();
    }

    private static IEnumerable<string> Names(string text) => Parts(text).Where(part => part.IsName).Select(part => part.Text);

    private static IEnumerable<(bool IsName, string Text)> Parts(string text)
    {
        var position = 0;
        while (position < text.Length)
        {
            var open = text.IndexOf('{', position);
            if (open < 0)
                break;
            yield return (false, text[position..open]);
            if (open + 1 < text.Length && text[open + 1] == '{')
            {
                yield return (false, "{");
                position = open + 2;
                continue;
            }

            var close = text.IndexOf('}', open);
            if (close < 0)
            {
                position = open;
                break;
            }

            yield return (true, text[(open + 1)..close]);
            position = close + 1;
        }

        yield return (false, text[position..]);
    }
}
