"""Instructions for each client, in English and Chinese, one step per line."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Steps:
    en: tuple[str, ...]
    zh: tuple[str, ...]

    @classmethod
    def of(cls, en: str, zh: str) -> Self:
        return cls(tuple(_lines(en)), tuple(_lines(zh)))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


SHAREX = Steps.of(
    """
    Double-click pichub.sxcu.
    ShareX asks whether to make it the active uploader for images: say yes.
    In the menu Destinations, Image uploader, choose Custom image uploader.
    Take a screenshot: its address is on the clipboard.
    """,
    """
    双击 pichub.sxcu。
    ShareX 询问是否设为当前图片上传器时，选择“是”。
    在“目标 → 图像上传器”菜单中选择“自定义图像上传器”。
    截图后，图片地址就在剪贴板里。
    """,
)
PICGO = Steps.of(
    """
    Install the plugin web-uploader: in PicGo under Plugins; for PicGo-Core with: picgo install web-uploader
    PicGo-Core: save the file as ~/.picgo/config.json, or name it: picgo -c picgo.json upload FILE
    PicGo: open the settings of the image host 自定义Web图床.
    Copy url, paramName, jsonPath and customHeader from the file into its boxes.
    Make it the default image host.
    """,
    """
    安装插件 web-uploader：PicGo 在“插件设置”里安装；PicGo-Core 运行 picgo install web-uploader
    PicGo-Core：把文件存为 ~/.picgo/config.json，或指定它：picgo -c picgo.json upload 图片
    PicGo：打开图床“自定义Web图床”的设置。
    把文件里的 url、paramName、jsonPath、customHeader 填入对应的输入框。
    设为默认图床。
    """,
)
PICLIST = Steps.of(
    """
    PicList-Core: save the file as ~/.piclist/config.json, or name it: picgo -c piclist.json upload FILE
    PicList: add a configuration of the image host Advanced Custom.
    Copy endpoint, method, formDataKey, headers and resDataPath from the file into its boxes.
    Make it the default image host.
    """,
    """
    PicList-Core：把文件存为 ~/.piclist/config.json，或指定它：picgo -c piclist.json upload 图片
    PicList：新建一个“高级自定义”图床配置。
    把文件里的 endpoint、method、formDataKey、headers、resDataPath 填入对应的输入框。
    设为默认图床。
    """,
)
UPIC = Steps.of(
    """
    In uPic's preferences, under Host, add a host of the kind Custom.
    Copy url into API URL, method into Method, field into File Field, resultPath into URL Path.
    Leave Domain empty.
    Press Other fields, and add both headers of the file.
    Save, and choose the host in uPic's menu.
    """,
    """
    在 uPic 偏好设置的“图床”里添加一个“自定义”图床。
    url 填“API 地址”，method 填“请求方式”，field 填“文件字段名”，resultPath 填“URL 路径”。
    “域名”留空。
    点击“其他字段”，加入文件里的两个请求头。
    保存，并在 uPic 菜单中选中该图床。
    """,
)
UPGIT = Steps.of(
    """
    Take upgit 0.3 or later.
    Save the file as ~/.config/upgit/config.toml; on Windows as %APPDATA%\\upgit\\config.toml
    Upload a file: upgit FILE
    Upload what is on the clipboard: upgit --clipboard
    """,
    """
    使用 upgit 0.3 或更新版本。
    把文件存为 ~/.config/upgit/config.toml；Windows 上存为 %APPDATA%\\upgit\\config.toml
    上传文件：upgit 图片
    上传剪贴板里的图片：upgit --clipboard
    """,
)
TYPORA = Steps.of(
    """
    Save the file where it is to stay, for you alone to read and run: chmod 700 pichub-typora.sh
    In Typora's preferences, under Image, set Image Uploader to Custom Command.
    Set Command to the path of the file.
    Press Test Uploader.
    On Windows use PicGo, or the command: pichub upload
    """,
    """
    把文件放到固定的位置，并设为只有自己可读可执行：chmod 700 pichub-typora.sh
    在 Typora 偏好设置的“图像”中，“上传服务”选择 Custom Command。
    “命令”填写该文件的路径。
    点击“验证图片上传选项”。
    Windows 上请用 PicGo，或命令：pichub upload
    """,
)
FLAMESHOT = Steps.of(
    """
    Save the file where it is to stay, for you alone to read and run: chmod 700 pichub-flameshot.sh
    Give it a key in the keyboard settings of your desktop.
    Press the key and choose a part of the screen.
    Its address is on the clipboard, where there is wl-copy, xclip or pbcopy.
    """,
    """
    把文件放到固定的位置，并设为只有自己可读可执行：chmod 700 pichub-flameshot.sh
    在桌面的键盘设置里给它绑定一个快捷键。
    按下快捷键，选择屏幕上的区域。
    图片地址会放进剪贴板（需要 wl-copy、xclip 或 pbcopy）。
    """,
)
SHELL = Steps.of(
    """
    Make the file yours alone to read and run: chmod 700 pichub-upload.sh
    Upload files, and be told an address a line: ./pichub-upload.sh FILE…
    Upload what a program writes: program | ./pichub-upload.sh -
    """,
    """
    把文件设为只有自己可读可执行：chmod 700 pichub-upload.sh
    上传文件，每行输出一个地址：./pichub-upload.sh 图片…
    上传程序的输出：程序 | ./pichub-upload.sh -
    """,
)
PICHUB = Steps.of(
    """
    Save the file as ~/.config/pichub/upload.toml
    Make it yours alone to read: chmod 600 ~/.config/pichub/upload.toml
    Upload files, and be told an address a line: pichub upload FILE…
    """,
    """
    把文件存为 ~/.config/pichub/upload.toml
    设为只有自己可读：chmod 600 ~/.config/pichub/upload.toml
    上传文件，每行输出一个地址：pichub upload 图片…
    """,
)
